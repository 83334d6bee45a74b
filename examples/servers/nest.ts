/**
 * A NestJS server that shares its sessions with a Django site.
 *
 * @module
 */
import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  Module,
  Post,
  Redirect,
  Res,
  UseGuards,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { createDjango } from 'async-django'
import { CurrentSession, DjangoModule } from 'async-django/nest'
import { kyselyStore } from 'async-django/stores/kysely'
import type { Request, Response } from 'express'

import { reportReady } from './_child.ts'
import { openDatabase } from './_database.ts'
import { count, field, readAdded, SessionPage } from './_session-page.ts'
import { readSettings } from './_settings.ts'
import { stylesheet } from './_stylesheet.ts'

const settings = readSettings('NestJS')
const db = openDatabase(settings.databaseUrl)
const django = createDjango({
  settings: { secretKey: settings.secretKey },
  djangoVersion: '5.2',
  store: kyselyStore(db),
})
for (const problem of await django.check()) console.error(problem.message)

const page = new SessionPage(settings, `NestJS on Node.js ${process.versions.node}`, db)

@Controller()
class PageController {
  @Get('static/session.css')
  @Header('content-type', 'text/css')
  stylesheet(): string {
    return stylesheet
  }

  @Get()
  async page(@CurrentSession() session: CurrentSession): Promise<string> {
    return page.html(await session.load())
  }

  @Get('session.json')
  async json(@CurrentSession() session: CurrentSession): Promise<object> {
    return page.json(await session.load())
  }
}

class OwnFormGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return page.isOwnForm(context.switchToHttp().getRequest<Request>().get('origin'))
  }
}

@Controller()
@UseGuards(OwnFormGuard)
class FormController {
  @Post('count')
  @Redirect('/')
  async count(@CurrentSession() session: CurrentSession): Promise<void> {
    await session.change(count)
  }

  @Post('add')
  async add(
    @CurrentSession() session: CurrentSession,
    @Body() form: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const added = readAdded(form)
    if ('problem' in added) {
      response.status(400).send(await page.html(await session.load(), added))
      return
    }
    session.set(added.key, added.json)
    response.redirect('/')
  }

  @Post('delete')
  @Redirect('/')
  delete(@CurrentSession() session: CurrentSession, @Body() form: unknown): void {
    session.delete(field(form, 'key'))
  }

  @Post('clear')
  @Redirect('/')
  async clear(@CurrentSession() session: CurrentSession): Promise<void> {
    const loaded = await session.load()
    loaded.clear()
  }
}

@Module({
  imports: [DjangoModule.forRoot({ django })],
  controllers: [PageController, FormController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] })
await app.listen(settings.port, settings.host)
reportReady()
